"""The demo company: a roster, roles and four weeks of a course under way. For trying out; never in production."""
