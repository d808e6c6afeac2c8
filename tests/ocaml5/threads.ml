(* SPDX-License-Identifier: ISC *)
(* OCaml's threads library as xen-ocaml links it: the master lock is given up and taken again around blocking sections. *)

let () =
  Printf.printf "self: %d\n" (Thread.id (Thread.self ()));
  let mutex = Mutex.create () and condition = Condition.create () in
  Mutex.lock mutex;
  Condition.signal condition;
  Condition.broadcast condition;
  Printf.printf "try_lock: %b\n" (Mutex.try_lock mutex);
  Mutex.unlock mutex;
  Thread.join (Thread.create (fun () -> print_endline "a second thread") ());
  for _ = 1 to 1_000 do
    Thread.yield ()
  done;
  let awake = ref false in
  let sleeper = Thread.create (fun () -> Thread.delay 0.02; awake := true) () in
  while not !awake do Thread.yield () done;
  Thread.join sleeper;
  let before = Unix.gettimeofday () in
  Thread.delay 0.05;
  Printf.printf "delayed: %b\n" (Unix.gettimeofday () -. before >= 0.05);
  (* Blocking sections and collections between them. *)
  for i = 1 to 200 do
    Thread.yield ();
    ignore (Sys.opaque_identity (List.init i string_of_int));
    if i mod 50 = 0 then Gc.compact ()
  done;
  at_exit (fun () -> print_endline "at_exit");
  print_endline "end"
