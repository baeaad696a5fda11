"""The API's routes for what the product is about."""
