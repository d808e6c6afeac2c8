# SPDX-License-Identifier: ISC
# awk -v leave=FUNCTION -f domain.awk runtime/domain.c: mends what OCaml 5 does where a domain cannot be made for lack of memory.
#
# domain_create left the new domain's lock held, so that the next Domain.spawn waited for it for ever (up to 5.3), and the
# domain counted among those whose finalisers a collection waits for. FUNCTION is the runtime's own that takes a domain out of
# that count. A new domain without memory for its second thread raised an exception where nothing could handle it, and died of
# a wild pointer (up to 5.4): it ends in a fatal error with the same words. What was mended already stays as it is.

BEGIN { count = "  " leave "(domain_state); /* no domain after all */"; unlock = "  caml_plat_unlock(&d->domain_lock);" }

$0 == count { counted = 1 }
$0 == unlock { unlocked = 1 }
# Only what the labels of failures lead to.
/^}/ { failing = 0 }
/^  caml_teardown_major_gc\(\);$/ && failing && !counted { print count }
/^  domain_self = NULL;$/ && failing && !unlocked { print unlock }
/^[a-z_]+_failure:$/ { failing = 1 }
/^ *caml_[a-z_]+\(.*"failed to create domain backup thread"\);$/ && !/exn_handler/ {
	sub(/^ */, "")
	$0 = "  { if (err && Caml_state->exn_handler == NULL) caml_fatal_error(\"failed to create domain backup thread\"); " $0 " }"
}
{ print }
