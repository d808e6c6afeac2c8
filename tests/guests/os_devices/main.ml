(* SPDX-License-Identifier: ISC *)
(* Netif and Block, for the tests of OCaml programs' devices. The command line's first word says what to do with them. The last line is
   "ok". The file is as long as there are such words: each is a program of its own over the same few helpers. *)

open Lwt.Infix
open Xen_os

external command_line : unit -> string = "mirage_xen_get_cmdline"

let expect what condition = if not condition then failwith ("wrong: " ^ what)

let ok pp = function Ok x -> Lwt.return x | Error error -> Lwt.fail_with (Fmt.str "wrong: %a" pp error)

let refused what promise part =
  Lwt.catch
    (fun () -> promise () >|= fun _ -> failwith ("wrong: " ^ what))
    (function
      | Failure text when Text.contains text part -> Fmt.pr "refused: %s\n%!" text; Lwt.return_unit
      | error -> Lwt.fail error)

(* {2 Results of Netif} *)

let net () =
  refused "no interface 7" (fun () -> Netif.connect "7") "it has: 0 (00:16:3e:" >>= fun () ->
  refused "no such address" (fun () -> Netif.connect "02:00:00:00:00:01") "no network interface" >>= fun () ->
  refused "no number" (fun () -> Netif.connect "eth0") "no network interface" >>= fun () ->
  Netif.connect "0" >>= fun t ->
  let mac = Net_lib.Macaddr.to_string (Netif.mac t) in
  Netif.connect mac >>= fun by_mac ->
  Netif.connect "vif0" >>= fun by_name ->
  Netif.connect "" >>= fun first ->
  expect "one interface" (t == by_mac && t == by_name && t == first);
  expect "MTU" (Netif.mtu t = 1500);
  let invalid what size length =
    Netif.write t ~size (fun buffer -> expect "size" (Cstruct.length buffer = size); length) >|= fun result ->
    expect what (result = Error `Invalid_length)
  in
  invalid "too long a frame" 1515 1515 >>= fun () ->
  invalid "negative size" (-1) 0 >>= fun () ->
  invalid "more than there is" 100 101 >>= fun () ->
  invalid "negative length" 100 (-1) >>= fun () ->
  let zeros buffer = Cstruct.to_string buffer = String.make (Cstruct.length buffer) '\000' in
  (* Each page is used several times. *)
  let rec frames count =
    if count = 0 then Lwt.return_unit
    else
      Netif.write t ~size:1514 (fun buffer ->
          expect "zeros" (zeros buffer);
          Cstruct.memset buffer 0xff;
          (* Nobody's address, no protocol's number. *)
          Cstruct.blit_from_string "\x02\x00\x00\x00\x00\x07\x02\x00\x00\x00\x00\x08\x88\xb5" 0 buffer 0 14;
          1514)
      >>= ok Netif.pp_error
      >>= fun () -> frames (count - 1)
  in
  Netif.reset_stats_counters t;
  frames 1000 >>= fun () ->
  let sent, sent_dropped = ((Netif.get_stats_counters t).tx_pkts, snd (Netif.dropped t)) in
  expect "sent" (Int32.to_int sent + sent_dropped = 1000);
  (* What the program raises comes back to it, and the page is not lost. A frame that is dropped, since netback takes none at the
     moment, is not even begun. *)
  let rec raises count =
    let dropped = snd (Netif.dropped t) in
    if count = 0 then Lwt.return_unit
    else
      Lwt.catch
        (fun () ->
          Netif.write t ~size:60 (fun _ -> raise Exit) >>= fun _ ->
          expect "no exception" (snd (Netif.dropped t) > dropped);
          Time.sleep_ns 10_000_000L >|= fun () -> count)
        (function Exit -> Lwt.return (count - 1) | error -> Lwt.fail error)
      >>= raises
  in
  raises 500 >>= fun () ->
  frames 10 >>= fun () ->
  (* netback takes all of it. *)
  List.iter
    (fun (what, offload) -> expect what (List.mem offload (Netif.offloads t)))
    [ ("checksum", `Checksum_v4); ("checksum, v6", `Checksum_v6); ("segments", `Segments_v4); ("segments, v6", `Segments_v6) ];
  let partial what ?v6 ?segment size expected =
    Netif.write_partial t ?v6 ?segment ~size (fun buffer ->
        Cstruct.blit_from_string "\x02\x00\x00\x00\x00\x07\x02\x00\x00\x00\x00\x08\x88\xb5" 0 buffer 0 14;
        size)
    >|= fun result -> expect what (result = expected)
  in
  partial "a frame without a checksum" 1514 (Ok ()) >>= fun () ->
  partial "too long a frame" 1515 (Error `Invalid_length) >>= fun () ->
  partial "a large segment" ~segment:1448 65535 (Ok ()) >>= fun () ->
  partial "a large segment, v6" ~v6:true ~segment:1428 40000 (Ok ()) >>= fun () ->
  partial "too large a segment" ~segment:1448 65536 (Error `Invalid_length) >>= fun () ->
  partial "no such size" ~segment:65536 60 (Error `Invalid_length) >>= fun () ->
  expect "connected" (Netif.is_connected t);
  let listening = Netif.listen t ~header_size:14 (fun _ -> Lwt.return_unit) in
  Netif.disconnect t >>= fun () ->
  listening >>= fun ended ->
  expect "listen ends" (ended = Ok ());
  Netif.write t ~size:60 (fun _ -> 60) >|= fun result -> 
  expect "disconnected" (result = Error `Disconnected && not (Netif.is_connected t))

(* {2 Results of Block} *)

let sectors count byte = Cstruct.of_string (String.make (512 * count) byte)

let block () =
  refused "no disk" (fun () -> Block.connect "xvdb") "it has: 51712" >>= fun () ->
  Block.connect "51712" >>= fun t ->
  Block.connect "/dev/xvda" >>= fun same ->
  expect "one disk" (t == same);
  Block.get_info t >>= fun info ->
  Fmt.pr "disk of %Ld sectors of %d, %s\n%!" info.size_sectors info.sector_size (if info.read_write then "rw" else "ro");
  let all = info.size_sectors in
  let bad what promise =
    promise () >|= function
    | Error (`Bad_request text) -> Fmt.pr "refused: %s\n%!" text
    | _ -> failwith ("wrong: " ^ what)
  in
  bad "past the end" (fun () -> Block.read t all [ sectors 1 ' ' ]) >>= fun () ->
  bad "over the end" (fun () -> Block.read t (Int64.pred all) [ sectors 1 ' '; sectors 1 ' ' ]) >>= fun () ->
  bad "before the start" (fun () -> Block.read t (-1L) [ sectors 1 ' ' ]) >>= fun () ->
  bad "no sector" (fun () -> Block.read t 0L [ Cstruct.create 100 ]) >>= fun () ->
  Block.read t all [] >>= ok Block.pp_error >>= fun () ->
  (if info.read_write then
     Block.write t 3L [ sectors 2 'a'; Cstruct.empty; sectors 1 'b' ] >>= ok Block.pp_write_error >>= fun () ->
     let got = [ sectors 1 ' '; sectors 2 ' ' ] in
     Block.read t 3L got >>= ok Block.pp_error >>= fun () ->
     expect "what was written" (Cstruct.to_string (Cstruct.concat got) = String.make 1024 'a' ^ String.make 512 'b');
     (* More than there are pages for, and nobody else who asks for anything. *)
     let whole = Cstruct.create (1 lsl 20) in
     for i = 0 to (1 lsl 18) - 1 do Cstruct.LE.set_uint32 whole (4 * i) (Int32.of_int (i * 7)) done;
     Block.write t 0L [ whole ] >>= ok Block.pp_write_error >>= fun () ->
     let back = Cstruct.create (1 lsl 20) in
     Block.read t 0L [ back ] >>= ok Block.pp_error >>= fun () ->
     expect "a mebibyte" (Cstruct.equal whole back);
     Block.flush t >>= ok Block.pp_write_error >>= fun () -> Block.discard t 3L 3L >>= ok Block.pp_write_error
   else Block.write t 0L [ sectors 1 'a' ] >|= fun result -> expect "read only" (result = Error `Is_read_only))
  >>= fun () ->
  Block.disconnect t >>= fun () ->
  Block.read t 0L [ sectors 1 ' ' ] >|= fun result -> expect "disconnected" (result = Error `Disconnected)

(* {2 Contents against a model} *)

let digest text =
  let rec from at hash =
    if at = String.length text then hash
    else from (at + 8) (Int64.mul (Int64.logxor hash (String.get_int64_le text at)) 1099511628211L)
  in
  from 0 (-3750763034362895579L)

(* Answers make room for requests, which may be answered before the main loop has a turn: but at most by so many of them that all queues
   are emptied by each of those who empty them. *)
let since_turn = ref 0

let counts_turns () = Main.at_enter_iter (fun () -> since_turn := 0)

let done_since_turn () =
  incr since_turn;
  expect "the main loop has its turns" (!since_turn <= 1024)

(* Requests side by side, on parts of the disk that are none of another's at the time. *)
let model ?(until = Lwt.return_unit) ?(handed = false) ?(lanes = 6) count seed =
  let random = Random.State.make [| seed |] in
  counts_turns ();
  Block.connect "xvda" >>= fun t ->
  Block.get_info t >>= fun info ->
  let size = Int64.to_int info.size_sectors * info.sector_size in
  let part = size / lanes / info.sector_size in
  let disk = Bytes.make size '\000' in
  let one lane =
    let length = 1 + Random.State.int random (if Random.State.int random 8 = 0 then min part 700 else min part 20) in
    let sector = (lane * part) + Random.State.int random (part - length + 1) in
    let bytes = length * info.sector_size and at = sector * info.sector_size in
    (* In one buffer or in two, which start anywhere. *)
    let buffer = Cstruct.sub (Cstruct.create (bytes + 3)) (Random.State.int random 4) bytes in
    let buffers = if length > 1 && Random.State.bool random then (let a, b = Cstruct.split buffer info.sector_size in [ a; b ]) else [ buffer ] in
    if Random.State.bool random then (
      let text = String.init bytes (fun _ -> Char.unsafe_chr (Random.State.bits random land 255)) in
      Cstruct.blit_from_string text 0 buffer 0 bytes;
      Bytes.blit_string text 0 disk at bytes;
      Block.write t (Int64.of_int sector) buffers >>= ok Block.pp_write_error)
    else
      Block.read t (Int64.of_int sector) buffers >>= ok Block.pp_error >|= fun () ->
      expect (Printf.sprintf "sectors %d and %d more" sector length) (Cstruct.to_string buffer = Bytes.sub_string disk at bytes)
  in
  let rec run lane left =
    if left <= 0 && Lwt.state until <> Lwt.Sleep then Lwt.return_unit
    else
      one lane >>= fun () ->
      done_since_turn ();
      run lane (left - 1)
  in
  Lwt.join (List.init lanes (fun lane -> run lane (count / lanes))) >>= fun () ->
  (* The first one says that there was a backend in another domain, where that is so. *)
  (Block.flush t >>= fun first ->
   expect "the first flush" ((first = Error `Lost_writes) = handed);
   if handed then Block.flush t else Lwt.return first)
  >>= ok Block.pp_write_error
  >>= fun () ->
  Fmt.pr "digest %Lu\n%!" (digest (Bytes.to_string disk));
  Block.disconnect t

(* When dom0 says so. *)
let told word =
  Xs.make () >>= fun xs ->
  Xs.wait xs (fun h ->
      Lwt.catch (fun () -> Xs.read h "data/go") (function Xs_protocol.Enoent _ -> Lwt.return "" | error -> Lwt.fail error)
      >>= fun go -> if go = word then Lwt.return_unit else Lwt.fail Xs_protocol.Eagain)

(* More requests at once than one queue has room for, while backends with other numbers of queues come and go. *)
let queues ?handed count lanes =
  Block.queues := count;
  model ?handed ~until:(told "stop") ~lanes 0 count

(* A mebibyte at once, written and read again until dom0 says that it is enough. *)
let whole () =
  let until = told "stop" in
  Block.connect "xvda" >>= fun t ->
  let bytes = Cstruct.create (1 lsl 20) and back = Cstruct.create (1 lsl 20) in
  let rec go round =
    for i = 0 to (1 lsl 18) - 1 do Cstruct.LE.set_uint32 bytes (4 * i) (Int32.of_int (i * round)) done;
    Block.write t 0L [ bytes ] >>= ok Block.pp_write_error >>= fun () ->
    Block.read t 0L [ back ] >>= ok Block.pp_error >>= fun () ->
    expect "a mebibyte" (Cstruct.equal bytes back);
    if Lwt.state until = Lwt.Sleep then go (round + 1) else Block.disconnect t
  in
  go 1

(* {2 Backends that go, are others, or have another disk} *)

let is_over t sector =
  let bytes = sectors 1 ' ' in
  Block.read t sector [ bytes ] >|= fun result -> result = Ok () && Cstruct.to_string ~len:4 bytes = "stop"

(* These are as solo5_blk's. *)
let faulty () =
  Block.connect "xvda" >>= fun t ->
  let good what = function Ok () -> () | Error _ -> failwith ("wrong: " ^ what) in
  let failed pp what = function
    | Error `Io_error as result -> Fmt.pr "%s: %a\n%!" what pp (Result.get_error result)
    | _ -> failwith ("wrong: " ^ what)
  in
  let read first count check = Block.read t first [ sectors count ' ' ] >|= check "read" in
  let write first count check = Block.write t first [ sectors count ' ' ] >|= check "write" in
  read 92L 8 good >>= fun () ->
  write 92L 8 good >>= fun () ->
  read 100L 1 (failed Block.pp_error) >>= fun () ->
  write 96L 8 (failed Block.pp_write_error) >>= fun () ->
  (* Of several requests, one. *)
  Lwt.join [ read 0L 2048 (failed Block.pp_error); write 0L 2048 (failed Block.pp_write_error); read 108L 1024 good ] >>= fun () ->
  write 108L 1024 good >>= fun () ->
  Block.flush t >|= good "flush" >>= fun () ->
  Block.discard t 100L 1L >|= failed Block.pp_write_error "discard" >>= fun () ->
  print_endline "SUCCESS";
  Block.disconnect t

let discard () =
  Block.connect "xvda" >>= fun t ->
  let bytes = Cstruct.of_string (String.init 65536 (fun i -> Char.chr (i * 7 land 255))) and back = Cstruct.create 65536 in
  Block.write t 0L [ bytes ] >>= ok Block.pp_write_error >>= fun () ->
  Block.discard t 8L 64L >>= ok Block.pp_write_error >>= fun () ->
  Block.read t 0L [ back ] >>= ok Block.pp_error >>= fun () ->
  let rest from buffer = Cstruct.to_string ~off:from buffer in
  expect "before and behind" (Cstruct.to_string ~len:4096 bytes = Cstruct.to_string ~len:4096 back && rest 36864 bytes = rest 36864 back);
  print_endline "SUCCESS";
  Block.disconnect t

let gone () =
  Block.connect "xvda" >>= fun t ->
  let seconds since = (Time.now () - since) / 1_000_000_000 in
  let rec read start =
    Block.read t 0L [ sectors 1 ' ' ] >>= function
    | Ok () -> read (Time.now ())
    | Error error -> Fmt.pr "a read failed after %d s: %a\n%!" (seconds start) Block.pp_error error; Lwt.return_unit
  in
  read (Time.now ()) >>= fun () ->
  let start = Time.now () in
  let write () =
    Block.write t 0L [ Cstruct.create (1 lsl 20) ] >|= function
    | Ok () -> failwith "wrong: written"
    | Error error -> Fmt.pr "a write failed after %d s: %a\n%!" (seconds start) Block.pp_write_error error
  in
  (* More than there is room for. *)
  Lwt.join [ write (); write (); write () ] >>= fun () ->
  let rec again () = Block.read t 0L [ sectors 1 ' ' ] >>= function Ok () -> Block.disconnect t | Error _ -> again () in
  again ()

let moved () =
  Block.connect "xvda" >>= fun t ->
  let write () = Block.write t 0L [ sectors 8 'a' ] >>= ok Block.pp_write_error in
  write () >>= fun () ->
  Fmt.pr "written\n%!";
  let rec wait () = is_over t 4088L >>= fun over -> if over then Lwt.return_unit else Time.sleep_ns 5_000_000L >>= wait in
  let flush number =
    Block.flush t >>= fun result ->
    let say f = function Ok () -> Fmt.string f "is done" | Error error -> Fmt.pf f "failed: %a" Block.pp_write_error error in
    Fmt.pr "flush %d %a\n%!" number say result;
    write ()
  in
  wait () >>= fun () -> Lwt_list.iter_s flush [ 1; 2; 3 ]

(* What the disk has, whenever that is another; sector 8 has a letter for it. *)
let resize () =
  Block.connect "xvda" >>= fun t ->
  let letter size = match size with 4096L -> 'L' | 1024L -> 'M' | _ -> 'S' in
  let rec look last =
    Block.get_info t >>= fun info ->
    let size = Int64.div info.size_sectors 2L in
    (if size = last then Lwt.return_unit
     else (
       Fmt.pr "size %Ld\n%!" size;
       Block.write t 8L [ sectors 1 (letter size) ] >>= ok Block.pp_write_error))
    >>= fun () ->
    (Block.read t info.size_sectors [ sectors 1 ' ' ] >|= function
     | Error (`Bad_request _) -> ()
     | _ -> failwith "wrong: past the end")
    >>= fun () ->
    is_over t 0L >>= fun over -> if over then Block.disconnect t else look size
  in
  look 0L

(* Memory that is given back with something in it. *)
let dirty text =
  let pieces = List.init 24 (fun _ -> Cstruct.create_unsafe (1 lsl 20)) in
  let fill piece = for at = 0 to (Cstruct.length piece / 8) - 1 do Cstruct.blit_from_string text 0 piece (8 * at) 8 done in
  List.iter fill pieces;
  Gc.full_major ()

(* Reads now and then, until it is told to stop. *)
let idle () =
  dirty "REMEMBER";
  Block.connect "xvda" >>= fun t ->
  Block.get_info t >>= fun info ->
  let rec read () =
    let sector = Cstruct.create 512 in
    Block.read t (Int64.sub info.size_sectors 8L) [ sector ] >>= function
    | Ok () when Cstruct.to_string ~len:4 sector = "stop" -> Block.disconnect t
    | Ok () -> Time.sleep_ns 50_000_000L >>= read
    | Error error -> Fmt.pr "%a\n%!" Block.pp_error error; Time.sleep_ns 50_000_000L >>= read
  in
  read ()

(* {2 Devices that come while the program runs} *)

(* Until the domain has a device of that class: any change in the class's folder is seen. *)
let attached class_ =
  Xs.make () >>= fun xs ->
  Xs.wait xs (fun h ->
      Lwt.catch (fun () -> Xs.directory h ("device/" ^ class_)) (function Xs_protocol.Enoent _ -> Lwt.return [] | error -> Lwt.fail error)
      >>= fun names -> if names = [] then Lwt.fail Xs_protocol.Eagain else Lwt.return_unit)

let later () =
  refused "no interface" (fun () -> Netif.connect "1") "it has: none" >>= fun () ->
  refused "no disk" (fun () -> Block.connect "xvdb") "it has: none" >>= fun () ->
  attached "vif" >>= fun () ->
  Netif.connect "" >>= fun net ->
  let came, frame = Lwt.wait () in
  let listening = Netif.listen net ~header_size:14 (fun bytes -> if Lwt.is_sleeping came then Lwt.wakeup_later frame (Cstruct.length bytes); Lwt.return_unit) in
  came >>= fun length ->
  Fmt.pr "a frame of %d bytes came\n%!" length;
  attached "vbd" >>= fun () ->
  Block.connect "xvdb" >>= fun disk ->
  let got = sectors 1 ' ' in
  Block.write disk 3L [ sectors 1 'a' ] >>= ok Block.pp_write_error >>= fun () ->
  Block.read disk 3L [ got ] >>= ok Block.pp_error >>= fun () ->
  expect "what was written" (Cstruct.equal got (sectors 1 'a'));
  Lwt.join [ Netif.disconnect net; Block.disconnect disk ] >>= fun () -> listening >|= ignore

(* {2 Connecting and disconnecting} *)

(* For dom0 to count what there is: says so, and goes on when dom0 has. *)
let counted number =
  Xs.make () >>= fun xs ->
  Xs.immediate xs (fun h -> Xs.write h "data/cycle" (string_of_int number)) >>= fun () -> told (string_of_int number)

let cycles count =
  let rec cycle number =
    if number > count then Lwt.return_unit
    else
      Lwt.both (Netif.connect "0") (Block.connect "xvda") >>= fun (net, disk) ->
      Block.read disk 0L [ sectors 1 ' ' ] >>= ok Block.pp_error >>= fun () ->
      Netif.write net ~size:60 (fun _ -> 60) >>= ok Netif.pp_error >>= fun () ->
      Lwt.join [ Netif.disconnect net; Block.disconnect disk ] >>= fun () ->
      (if number = 1 || number = count then (
         Fmt.pr "cycle %d: %d references free\n%!" number (Xen.Export.num_free_grants ());
         counted number)
       else Lwt.return_unit)
      >>= fun () -> cycle (number + 1)
  in
  cycle 1

let () =
  Reporter.install ();
  let main =
    match String.split_on_char ' ' (command_line ()) with
    | [ "net" ] -> net ()
    | [ "block" ] -> block ()
    | [ "later" ] -> later ()
    | [ "idle" ] -> idle ()
    | [ "model"; count; seed ] -> model (int_of_string count) (int_of_string seed)
    | [ "queues"; count; lanes ] -> queues (int_of_string count) (int_of_string lanes)
    | [ "handed"; count; lanes ] -> queues ~handed:true (int_of_string count) (int_of_string lanes)
    | [ "whole" ] -> whole ()
    | [ "faulty" ] -> faulty ()
    | [ "discard" ] -> discard ()
    | [ "gone" ] -> gone ()
    | [ "moved" ] -> moved ()
    | [ "resize" ] -> resize ()
    | [ "cycles"; count ] -> cycles (int_of_string count)
    | _ -> Lwt.fail_with "wrong: what to do?"
  in
  Main.run main;
  print_endline "ok"
