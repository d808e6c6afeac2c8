(* SPDX-License-Identifier: ISC *)

module _ :
  Upstream.XEN_OS
    with type page := Xen_os.Pages.t
     and type acl := Xen_os.Xs_protocol.ACL.t
     and type token := Xen_os.Xs_protocol.Token.t =
  Xen_os

module _ :
  Upstream.OS_6
    with type page := OS.Pages.t
     and type acl := OS.Xs_protocol.ACL.t
     and type token := OS.Xs_protocol.Token.t =
  OS

module _ : Upstream.COPY with type gntref := Xen_os.Xen.Gntref.t and type page := Xen_os.Pages.t = Xen_os.Xen.Import
module _ : Upstream.GENERATION = Xen_os.Generation
module _ : Upstream.XS_PROTOCOL = Xen_os.Xs_protocol
module _ : Upstream.XS_CLIENT = Xen_os.Xs_client_lwt
