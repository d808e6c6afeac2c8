(* SPDX-License-Identifier: ISC *)
(* What the collector and the runtime take, by the program's own clock: `tools/bench_ocaml5` compares a domain with a Linux
   process. As a test it only says that every part was done. *)

external command_line : unit -> string = "mirage_xen_get_cmdline"

let scale = match int_of_string_opt (command_line ()) with Some n -> n | None -> 0
let rounds = max 1 scale

let part name work =
  let start = Sys.time () in
  let result = ref 0 in
  for _ = 1 to rounds do
    result := !result + work ()
  done;
  let took = Sys.time () -. start in
  if scale = 0 then Printf.printf "%s: %d\n%!" name !result else Printf.printf "%s %.0f\n%!" name (took *. 1e9)

let rec build depth = if depth = 0 then [] else [ depth ] :: build (depth - 1)

let tree = ref []

let () =
  part "allocation" (fun () ->
      let kept = ref (0, 0) in
      for i = 1 to 300_000 do
        kept := Sys.opaque_identity (i, i)
      done;
      fst !kept);
  part "minor collections" (fun () ->
      (* A third of what is young lives on. *)
      let kept = Array.make 1_000 [] in
      for i = 1 to 60_000 do
        kept.(i mod 1_000) <- [ i; i + 1; i + 2 ];
        ignore (Sys.opaque_identity (string_of_int i))
      done;
      Gc.minor ();
      List.length kept.(7));
  tree := List.init 200 (fun i -> build (i mod 50));
  part "major collections" (fun () ->
      Gc.full_major ();
      List.length !tree);
  part "compactions" (fun () ->
      let junk = List.init 2_000 (fun i -> Bytes.create (i mod 300)) in
      Gc.compact ();
      List.length junk)
