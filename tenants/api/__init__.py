"""The API's frame, which every app's routes stand in, and the routes to sign in and out."""
