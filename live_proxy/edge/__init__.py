"""The pure rules between a client's Live API and an upstream's: what is asked, what is added, what is hidden."""
