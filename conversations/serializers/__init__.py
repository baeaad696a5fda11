"""What the API takes and gives, as far as conversations and messages go."""
