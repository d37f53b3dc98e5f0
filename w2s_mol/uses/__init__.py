"""What is made of a supervisor's labels and a few true ones: the contract, and every use."""
