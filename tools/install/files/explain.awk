# SPDX-License-Identifier: ISC
# Reads what GNU ld says when it fails (in the locale C) and says it anew: one line for each thing that is wrong, with who wants what
# and what to do. `me` is the command that speaks. Lines that are not ld's are passed on.
#
# Exit status: 2 something of ld's was explained; 0 nothing was.

BEGIN { most = 12; machines["(EM: 183)"] = "AArch64"; machines["(EM: 40)"] = "ARM"; machines["(EM: 243)"] = "RISC-V"
	machines["(EM: 21)"] = "PowerPC 64"; machines["(EM: 22)"] = "S/390"; machines["(EM: 8)"] = "MIPS"; machines["(EM: 258)"] = "LoongArch" }

function short(path) {
	sub(/^ +/, "", path)
	if (path ~ /^\/tmp\/cc[^\/]*\.o$/) return "the program"
	sub(/.*\//, "", path)
	return path
}
function quoted(text, mark) { # what stands in quotes behind a mark
	text = substr(text, index(text, mark) + length(mark))
	return substr(text, 1, index(text, "'") - 1)
}
function error(rank, text) {
	if (text in known) return
	known[text] = 1
	errors[rank, ++count[rank]] = text
}
function foreign(file, machine) {
	error(1, short(file) " is for " machine ", and a domain is x86-64: install or build the x86-64 one")
}
function remedy(name) {
	if (name ~ /^caml[A-Z]/) return "link the OCaml module that it is of"
	if (name ~ /^caml_|_stub|^stub_/) return "link the archive with its C stubs (-l, -cclib)"
	if (name ~ /^__gmp/) return "link GMP (-lgmp)"
	if (name ~ /^solo5_/) return "link with -z solo5-abi=xen"
	if (name ~ /^mirage_xen_/) return "link mirage-xen"
	return "name the object or archive that does; what needs files, processes, sockets or threads a domain does not have"
}

{
	line = $0
	ours = line ~ /^([^ ]*\/)?[^ \/]*ld[^ \/:]*: ?/
	text = line
	if (ours) sub(/^([^ ]*\/)?[^ \/]*ld[^ \/:]*: ?/, "", text)
	sub(/^error: /, "", text)
}

text ~ /: in function `/ { where = substr(text, 1, index(text, ": in function `") - 1); next }
text ~ /undefined reference to `/ {
	if (ours && index(text, ":(") > 1) where = substr(text, 1, index(text, ":(") - 1)
	name = quoted(text, "undefined reference to `")
	if (!(name in wanted)) { wanted[name] = short(where); order[++names] = name }
	next
}
text ~ /more undefined references to `/ { next }
text ~ /multiple definition of `/ {
	if (ours && index(text, ":(") > 1) where = substr(text, 1, index(text, ":(") - 1)
	first = substr(text, index(text, "; ") + 2)
	first = substr(first, 1, index(first, ":") - 1)
	error(2, quoted(text, "multiple definition of `") " is defined twice, in " short(first) " and in " short(where) ": link only one of them")
	next
}
text ~ /Relocations in generic ELF \(EM: / {
	file = substr(text, 1, index(text, ": Relocations") - 1)
	machine = substr(text, index(text, "(EM: "))
	told[file] = 1
	foreign(file, machine in machines ? machines[machine] : "another machine " machine)
	next
}
text ~ /architecture of input file `/ {
	foreign(quoted(text, "of input file `"), substr(text, 1, index(text, " architecture of") - 1))
	next
}
text ~ /skipping incompatible .* when searching for -l/ {
	file = text
	sub(/^skipping incompatible /, "", file); sub(/ when searching for .*/, "", file)
	skipped[substr(text, index(text, "searching for -l") + 14)] = file
	next
}
text ~ /^cannot find -l/ {
	library = text
	sub(/^cannot find /, "", library); sub(/: (No such|file ).*/, "", library) # the reason is that of another file
	if (library in skipped) foreign(skipped[library], "another machine")
	else error(2, "there is no archive lib" substr(library, 3) ".a for " library ": install the library's development files, or name their folder with -L")
	next
}
text ~ /^cannot find / {
	sub(/^cannot find /, "", text); sub(/: No such file or directory.*/, "", text)
	error(2, text " is not there: build it first, or correct its name")
	next
}
text ~ /^cannot open linker script file / { sub(/^cannot open linker script file /, "", text); error(2, text ": correct its name"); next }
text ~ /^cannot open output file / {
	sub(/^cannot open output file /, "", text)
	error(1, text ": the image cannot be written there: name another place with -o")
	next
}
text ~ /^final link failed/ { error(3, text ": free some space, or name another place with -o"); next }
text ~ /(file in wrong format|file format not recognized|file not recognized|file too short|file truncated|syntax error)/ {
	file = text
	sub(/: (error adding symbols|file|syntax error).*/, "", file); sub(/:[0-9]+$/, "", file)
	for (other in told) if (index(other, file) == 1) next
	error(1, short(file) " is neither an object nor an archive that can be linked: build or install it again")
	next
}
text ~ /^(have you installed|note to link with)/ || text ~ /warning: / || line ~ /^collect2: / { next }
ours { error(4, text); next }
# A complaint's source line or the compiler's own words.
{ rest = rest line "\n" }

END {
	for (i = 1; i <= names; i++) error(3, wanted[order[i]] " wants " order[i] ", which nothing defines: " remedy(order[i]))
	printf "%s", rest
	# What is of another machine, or no object, explains what is missing then.
	last = count[1] ? 1 : 4
	for (rank = 1; rank <= last; rank++) for (i = 1; i <= count[rank]; i++) if (++lines <= most) print me ": " errors[rank, i]
	if (lines > most) print me ": and " lines - most " more like these"
	exit lines ? 2 : 0
}
