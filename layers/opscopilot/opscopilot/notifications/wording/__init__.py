"""What messages say.

`rendering.render_alert` and `render_digest` word a message for one reader and one channel: `store.active` gives the
tenant's own templates, `Reader.languages` the order of languages, and what is missing there is taken from the wording
that ships (`words/`, one file of sentences per kind of message, and `layout/`, one layout per form). `facts` is what a
template may say.
"""
