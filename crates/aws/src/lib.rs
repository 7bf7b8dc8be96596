//! Credentials, signing, and the few AWS calls we make.
