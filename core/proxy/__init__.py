"""The local reverse proxy between the containers of one run and the model endpoint."""
