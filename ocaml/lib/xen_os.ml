(* SPDX-License-Identifier: ISC *)
(** The platform library of a MirageOS program that runs as a domain of Xen. *)

module Activations = Activations
module Byte_ring = Byte_ring
module Console = Console
module Device_state = Device_state
module Eventchn = Eventchn
module Generation = Generation
module Lifecycle = Lifecycle
module Main = Main
module Memory = Memory
module Pages = Pages
module Reporter = Reporter
module Time = Time
module Xen = Xen
module Xs = Xs
module Xs_client_lwt = Xs_lib.Xs_client_lwt
module Xs_protocol = Xs_lib.Xs_protocol
