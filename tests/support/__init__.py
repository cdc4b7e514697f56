"""What several tests need; imported as `support`, because pytest puts the folder of tests/conftest.py on the path."""
