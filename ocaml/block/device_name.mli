(* SPDX-License-Identifier: ISC *)
(** Names of disks, as a toolstack's configuration has them: Xen's [docs/man/xen-vbd-interface.7]. *)

val number : string -> int option
(** The number in xenstore of a disk's name: [xvda] or [xvda1], also with [/dev/], and [d0p1]; [hda] and [sda] with the numbers that
    they always had; a number in decimal. [None] for anything else. *)
