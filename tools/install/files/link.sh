# SPDX-License-Identifier: ISC
# shellcheck shell=sh
# Sourced by the commands that link an image (cc, ld); `lib` is the folder that this lies in.

fail() {
	printf '%s: %s\n' "$(basename "$0")" "$*" >&2
	exit 2
}

# show COMMAND...: if __V is set, the command that is run.
show() {
	[ -z "${__V:-}" ] || { printf +; printf ' %s' "$@"; echo; } >&2
}

# link_with COMMAND...: runs the linker. What it says when it fails becomes a line for each thing that is wrong, with what to do, and
# exit status 2; what is not known here (a C compiler's own complaints) stays as it is, and so does the status then.
link_with() {
	show "$@"
	link_status=0
	{ link_said=$(LC_ALL=C "$@" 2>&1 >&3); } 3>&1 || link_status=$?
	[ -n "$link_said" ] || [ $link_status -ne 0 ] || return 0
	if [ $link_status -eq 0 ]; then
		printf '%s\n' "$link_said" >&2
		return
	fi
	link_told=0
	printf '%s\n' "$link_said" | awk -v me="$(basename "$0")" -f "$lib/explain.awk" >&2 || link_told=$?
	[ $link_told -ne 2 ] || exit 2
	exit $link_status
}

# add_names IMAGE: names of functions for crash reports, which are addresses without. An image is as good without them.
add_names() {
	[ -f "$1" ] && command -v python3 >/dev/null || return 0
	link_said=$(python3 "$lib/xen-symbols" "$1" 2>&1) ||
		printf '%s: %s has no names for crash reports: %s\n' "$(basename "$0")" "$1" "${link_said##*: }" >&2
}
