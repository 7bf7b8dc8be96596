#compdef @PROGRAM@
# Completion of @PROGRAM@ in zsh: the program itself is asked what may stand at the cursor.
_@PROGRAM@() {
    local answer line word
    local -a lines described space
    answer=$("${~words[1]}" __complete -- "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null) || return 1
    lines=("${(@f)answer}")
    local -i directive=${lines[-1]#:}
    for line in "${(@)lines[1,-2]}"; do
        # _describe takes a colon for the end of the word.
        word=${${line%%$'\t'*}//:/\\:}
        described+=("$word:${line#*$'\t'}")
    done
    if ((directive & 2)); then space=(-S ''); fi
    local -i found=1
    if ((${#described})); then
        _describe -V '@PROGRAM@' described "${space[@]}" && found=0
    fi
    if ((!(directive & 4))); then
        # The value of a flag may stand behind its name.
        [[ $PREFIX != --*=* ]] || compset -P '*='
        _files && found=0
    fi
    return found
}

# Sourced, or found by name as a function of its own.
if [[ ${funcstack[1]} == "_@PROGRAM@" ]]; then
    _@PROGRAM@ "$@"
else
    compdef _@PROGRAM@ @PROGRAM@
fi
