"""Google's JavaScript SDK as a client in tests: two programs for Node, and how Python drives them."""
