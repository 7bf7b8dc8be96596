# Completion of @PROGRAM@ in bash: the program itself is asked what may stand at the cursor.
_cluster_auth_complete() {
    # bash has cut the words at = and : as well. Here they are whole again, up to the cursor.
    local IFS=$' \t\n' line=${COMP_LINE:0:COMP_POINT} word
    local -a words=()
    local -i count=0
    for word in "${COMP_WORDS[@]:0:COMP_CWORD+1}"; do
        if [[ $count -eq 0 || $line == [[:space:]]* ]]; then
            line=${line#"${line%%[![:space:]]*}"}
            words[count++]=
        fi
        # The cursor may stand in the middle of it.
        [[ $line == "$word"* ]] || word=$line
        words[count-1]+=$word
        line=${line#"$word"}
    done
    local current=${words[count-1]}

    local program=${words[0]/#\~\//$HOME/} answer
    answer=$("$program" __complete -- "${words[@]:1}" 2>/dev/null) || return
    local -i directive=${answer##*:}
    answer=${answer%:*}

    # What bash replaces begins behind the last place where it has cut.
    local cut="" before=""
    for word in = : @; do
        [[ $COMP_WORDBREAKS != *"$word"* ]] || cut+=$word
    done
    [[ -z $cut || $current != *[$cut]* ]] || before=${current%"${current##*[$cut]}"}

    COMPREPLY=()
    while IFS=$'\t' read -r word _; do
        [[ -n $word ]] || continue
        word=${word#"$before"}
        [[ $word != *[[:space:]\'\"\$\&\;\(\)\<\>\|\*\?\[\\\`]* ]] || printf -v word %q "$word"
        COMPREPLY+=("$word")
    done <<<"$answer"
    if ((directive & 2)); then compopt -o nospace 2>/dev/null; fi
    if ((directive & 4)); then
        compopt +o default 2>/dev/null
    elif ((${#COMPREPLY[@]})); then
        # Files may stand there as well as what is listed.
        while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen -f -- "${current#"$before"}")
    fi
    return 0
}

if ((BASH_VERSINFO[0] > 4 || (BASH_VERSINFO[0] == 4 && BASH_VERSINFO[1] >= 4))); then
    complete -o default -o nosort -F _cluster_auth_complete @PROGRAM@
else
    complete -o default -F _cluster_auth_complete @PROGRAM@
fi
