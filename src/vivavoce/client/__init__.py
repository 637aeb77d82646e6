"""The client: a sans-I/O core with a synchronous and an asynchronous face."""
