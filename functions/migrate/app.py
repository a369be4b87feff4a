"""Bring roles and schema to the newest revision. Sample events: events/migrate/.

Two kinds of event arrive here:

- ``{"task": "migrate"}`` by hand; answers ``{"status": "ok", "revision": ...}``.
- CloudFormation's custom resource ``DatabaseMigration`` on every deploy that changes our layer. It has
  ``RequestType`` (Create, Update or Delete), ``ResponseURL``, ``StackId``, ``RequestId`` and
  ``LogicalResourceId``, and waits until ``Status`` (SUCCESS, or FAILED with a ``Reason``), a constant
  ``PhysicalResourceId`` and the three ids are PUT as JSON to ``ResponseURL``. Delete answers SUCCESS and leaves
  the database alone.
"""

from opscopilot.entrypoints.bootstrap import migrate_handler

handler = migrate_handler()
