"""The entity catalogue: the one place an entity is described, and the machinery that lives off it.

The machinery never imports a context; contexts hand their declarations to a Registry in the composition root.
"""
