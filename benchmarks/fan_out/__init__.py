"""One frame to three services at once, and their answers: who does it, and what the services do."""
