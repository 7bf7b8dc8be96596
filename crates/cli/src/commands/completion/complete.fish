# Completion of @PROGRAM@ in fish: the program itself is asked what may stand at the cursor.
function __cluster_auth_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l program (string replace -r '^~/' "$HOME/" -- $words[1])
    set -l answer ($program __complete -- $words[2..] "$current" 2>/dev/null)
    or return
    set -l directive (string sub -s 2 -- $answer[-1])
    for line in $answer[1..-2]
        echo $line
    end
    # 4 in it: nothing but what is listed.
    if test (math "floor($directive / 4) % 2") -eq 0
        # The value of a flag may stand behind its name.
        set -l before (string match -r '^--[^=]*=' -- $current)
        set -l typed (string replace -r '^--[^=]*=' '' -- $current)
        for path in (__fish_complete_path "$typed")
            echo "$before$path"
        end
    end
end

complete -c @PROGRAM@ -f -a '(__cluster_auth_complete)'
