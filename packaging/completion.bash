# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# bash completion for mus-scheduler. Commands and options are asked of the program's own help, pods of the daemon.

_mus_scheduler_words() { # the first words of the help's lines, from the line $1 on
	mus-scheduler "${@:2}" --help 2>/dev/null | sed -n "/^$1/,\$p" | grep -oE '^  [a-z-][a-zA-Z,-]*' | tr -d ' ' | tr ',' '\n'
}

_mus_scheduler() {
	local command=${COMP_WORDS[1]} word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
	local -a choices=()
	if ((COMP_CWORD == 1)); then
		mapfile -t choices < <(_mus_scheduler_words Subcommands:)
	elif [[ $word == -* ]]; then
		mapfile -t choices < <(_mus_scheduler_words Options: "$command" | grep '^--')
	else
		case $command:$before in
		*:--unit) mapfile -t choices < <(systemctl list-units --plain --no-legend 2>/dev/null | awk '{ print $1 }') ;;
		*:--cgroup) mapfile -t choices < <(compgen -d "/sys/fs/cgroup$word" | sed 's|^/sys/fs/cgroup||') ;;
		*:--*file | *:--*ca | *:--*pin | *:--*cert | *:--*key | *:--*root | *:--*dir | *:--socket)
			mapfile -t choices < <(compgen -f -- "$word")
			;;
		prioritize:prioritize | explain:explain | reset:reset | *:--pod)
			mapfile -t choices < <(mus-scheduler pods 2>/dev/null | awk 'NR > 1 { print $2 }' | sort -u)
			;;
		esac
	fi
	mapfile -t COMPREPLY < <(compgen -W "${choices[*]}" -- "$word")
}
complete -F _mus_scheduler mus-scheduler
