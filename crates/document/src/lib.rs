//! Text, spans and one located YAML/JSON tree; problems and how they are printed.
