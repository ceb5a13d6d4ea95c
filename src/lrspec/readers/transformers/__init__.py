"""Reading Hugging Face's transformers."""
