"""What the pages of the inbox and of broadcasts take, one module a noun."""
