(* SPDX-License-Identifier: ISC *)

type handle = unit
type t = Port.t

external alloc_unbound : handle -> int -> int = "mirage_xen_evtchn_alloc_unbound"
external stub_bind_interdomain : handle -> int -> int -> int = "mirage_xen_evtchn_bind_interdomain"
external virq_dom_exc : unit -> int = "mirage_xen_evtchn_virq_dom_exc"
external bind_virq : handle -> int -> int = "mirage_xen_evtchn_bind_virq"
external stub_unmask : handle -> int -> unit = "mirage_xen_evtchn_unmask"
external stub_unbind : handle -> int -> unit = "mirage_xen_evtchn_unbind"
external stub_notify : handle -> int -> unit = "mirage_xen_evtchn_notify" [@@noalloc]

let init () = ()
let close () = 0
let to_int (port : t) = port.Port.number
let of_int = Port.of_int
let is_valid = Port.is_bound
let bind_unbound_port handle domid = Port.bind (alloc_unbound handle domid)
let bind_interdomain handle domid remote = Port.bind (stub_bind_interdomain handle domid remote)
let bind_dom_exc_virq handle = Port.bind (bind_virq handle (virq_dom_exc ()))
let notify handle port = if Port.is_bound port then stub_notify handle (to_int port)
let unmask handle port = if Port.is_bound port then stub_unmask handle (to_int port)

let unbind handle port =
  if not (Port.is_bound port) then failwith (Printf.sprintf "Eventchn.unbind: port %d is not bound" (to_int port));
  stub_unbind handle (to_int port);
  Port.unbind port
