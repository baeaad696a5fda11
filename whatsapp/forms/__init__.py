"""What the pages about numbers take, one module a noun."""
