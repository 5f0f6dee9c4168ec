"""AG-UI 1.0 (Agent User Interaction Protocol) over the same runs: ``POST /agui``, for the clients that speak it."""
