"""The only modules that speak to AWS. Each implements a port declared further inside."""
