"""Looking after stores: moving a whole one to another backend, and checking that it says what its facts say."""
