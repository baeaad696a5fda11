"""A template to many people: read in, handed to the outbox bit by bit, counted, stopped in time."""
