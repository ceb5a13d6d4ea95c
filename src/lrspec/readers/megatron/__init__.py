"""Reading Megatron-LM."""
