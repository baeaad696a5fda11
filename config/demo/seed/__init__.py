"""Two living companies for the demo. Never for a real installation."""
