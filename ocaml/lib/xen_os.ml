(* SPDX-License-Identifier: ISC *)
(** The platform library of a MirageOS program that runs as a domain of Xen: the package mirage-xen.

    A program is a promise that {!Main.run} keeps going. {!Time} and {!Activations} are what it waits for; {!Xs} and {!Xen} are
    how it meets other domains, by names and by memory; {!Lifecycle} is what the toolstack wants of it. *)

module Activations = Activations
(** Waiting for events. *)

module Byte_ring = Byte_ring
(** Streams of bytes through shared pages. Of this library alone. *)

module Console = Console
(** The domain's console. Of this library alone. *)

module Device_state = Device_state
(** States of paravirtual devices. *)

module Eventchn = Eventchn
(** Event channels. *)

module Generation = Generation
(** What a resume of the domain invalidates. *)

module Lifecycle = Lifecycle
(** Requests of the toolstack. *)

module Main = Main
(** The main loop. *)

module Memory = Memory
(** Statistics of memory. *)

module Pages = Pages
(** Pages of memory: io-page where that is installed. *)

module Reporter = Reporter
(** The log on the console. Of this library alone. *)

module Time = Time
(** Sleeping. *)

module Xen = Xen
(** Grants. *)

module Xs = Xs
(** Xenstore. *)

module Xs_client_lwt = Xs_lib.Xs_client_lwt
(** The client of xenstore: the xenstore library's, over any connection, where that is installed. *)

module Xs_protocol = Xs_lib.Xs_protocol
(** Xenstore's exceptions, permissions and tokens: likewise. *)
