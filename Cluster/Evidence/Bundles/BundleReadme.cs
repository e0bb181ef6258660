using System.Text;

namespace Talreg.Evidence.Bundles;

/// <summary>The member <c>README.txt</c>: how a stranger checks and plays a bundle with nothing but this text.</summary>
public static class BundleReadme
{
    /// <summary>The member's name.</summary>
    public const string MemberName = "README.txt";

    private const string Text =
        """
        TALREG EVIDENCE BUNDLE, VERSION 1

        This archive holds one recorded call and what is needed to check that nobody changed it. You need no
        software of ours: SHA-256, Ed25519, AES-256-GCM and HMAC are in every cryptographic library.
        To listen, play audio.wav. It is a rendering (16-bit, 8000 Hz, or 16000 Hz where a codec is wideband;
        first stream left, second right). The evidence is takes/*.trec, which holds the network packets exactly
        as they arrived.

        WHAT IS HERE
          audio.wav               the call, to listen to
          call.json               who, when, under which policy
          takes/ID.trec           one captured copy of the call, encrypted as it was when it was captured
          takes/ID.keys.json      its keys, where the exporter might disclose them
          ledger/ID.json          the ledger's entry that sealed that copy, and its proof
          checkpoint              the ledger's signed state that the proof leads to
          key                     the ledger's public key, as the bundle claims it
          verify.html             checks this archive and plays the call in a browser; like the key, have it from
                                  somewhere else when you doubt the archive
          MANIFEST                sizes and SHA-256 of all the others, signed by the ledger

        WHAT A CHECK TELLS YOU
        Ask the operator, the court or a witness for the ledger's public key, by another way than this archive.
        With that key a successful check means: this ledger sealed exactly these bytes. With only the file "key"
        it means that the bundle agrees with itself. It then says nothing about where it came from.

        NOTATION
        || joins bytes. Integers are unsigned and big-endian. u16 is an integer of 16 bits. LF is one line feed.
        Expand(key, info) = HMAC-SHA-256(key, info || 0x01). Text in quotes is ASCII. Ids are 16 bytes.

        STEP 1, THE MANIFEST
        A signed note is a text that ends with LF, then LF, then lines "(em dash) name base64". The base64 is
        u32 key id || Ed25519 signature (64 bytes) over the text alone, with its last LF. The public key line is
        name+keyid+base64(0x01 || 32 bytes); key id = first 4 bytes of SHA-256(name || 0x0A || 0x01 || 32 bytes).
        MANIFEST's text is "talreg bundle 1" LF call id LF, then per member "sha256-hex size name" LF, sorted.
        Check the signature, then that the members are exactly those, with those sizes and hashes.

        STEP 2, THE RECORDING (takes/ID.trec)
        Header, 64 bytes: "TLK1" || version u8 1 || 3 zero || take id || call id || 24 zero.
        Footer, last 128 bytes: number of chunks u64 || index offset u64 || descriptor offset u64 ||
        descriptor length u32 || metadata length u32 || chain head 32 || content hash 32 || 24 zero ||
        CRC-32C u32 of the 120 bytes before || "TLE1". The content hash is SHA-256(descriptor || metadata).
        Chunks stand from byte 64 to the index. A chunk is a header of 208 bytes || ciphertext || tag of 16.
        Chunk header, offset and field: 0 "TLC1"; 4 version u8; 5 kind u8; 6 length u16 = 208; 8 flags u32;
        12 stream u16; 16 take id; 32 tenant (32, zero padded); 64 site (16); 80 index u64, from 1 without holes;
        88 slot u32 (seconds from the start); 92 packets u32; 96 epoch u64; 104 writer incarnation (16);
        120 boot id (16); 136 first and 144 last arrival, i64 monotonic ns; 152 i64 ns to add for Unix time;
        160 clock quality u8; 164 clock error u32 in microseconds; 168 ciphertext length u32; 176 commitment (32).
        Walk the chain, over ciphertext, without any key:
          h(0) = SHA-256(0x02 || u8 1 || tenant 32 || call id || take id)
          d(i) = SHA-256(ciphertext || tag)
          c(i) = SHA-256(0x00 || header || d(i))
          h(i) = SHA-256(0x01 || h(i-1) || c(i))
        The last h must be the footer's chain head.

        STEP 3, THE LEDGER (ledger/ID.json and checkpoint)
        commitment = SHA-256("talreg/1/leaf" || salt 32 || body), body being the JSON exactly as it stands.
        entry (58 bytes) = u8 1 || u8 type (1 is seal) || u64 index || i64 Unix ms || u64 0 || commitment 32.
        The body names call, take, chunks, chainHead and contentHash: they must be those of step 2.
        leaf = SHA-256(0x00 || entry), node = SHA-256(0x01 || left || right). To climb, with n = index and
        last = treeSize - 1, for each hash p of "proof": if n is odd or n = last, then leaf = node(p, leaf), and
        while n is even and not 0 halve n and last; else leaf = node(leaf, p). Then halve n and last. At the end
        last is 0 and leaf is the root. (This is RFC 6962, and RFC 9162 section 2.1.3.2.)
        checkpoint is a signed note with the text: name LF treeSize LF base64(root) LF.

        STEP 4, THE SOUND (with takes/ID.keys.json)
          slot key   = Expand(stream key, "talreg/1/slot" || u32 slot), or as listed under "slots"
          commitment = Expand(slot key, "talreg/1/commit"), which must equal the chunk header's
          writer key = Expand(slot key, "talreg/1/writer" || writer incarnation)
        Open each chunk with AES-256-GCM: writer key; nonce = 4 zero bytes || u64 index; additional data = the
        208 header bytes. The plain text is frames: length u16 || flags u8 || source u8 || arrival i64 ns || data.
        Flag 0x80: the data is a sender (u16 port || address). Flag 0x01: an RTCP packet. Otherwise data is an RTP
        packet (RFC 3550). Order them by sequence number. Payload type 0 is G.711 mu-law, 8 is G.711 A-law, 9 is
        G.722; others are named in the descriptor, the JSON in front of the footer. Missing sequence numbers must
        be those that the descriptor's "gaps" and "lost" declare.
        The metadata, after the descriptor: u32 length || nonce 12 || ciphertext || tag 16, under the key
        "metadata", additional data = take id.

        PÅ SVENSKA
        Arkivet innehåller ett inspelat samtal och det som behövs för att visa att ingen har ändrat det. Lyssna på
        audio.wav. Kontrollera i fyra steg, som ovan: innehållsförteckningens underskrift, inspelningens hashkedja,
        liggarens bevis fram till den underskrivna kontrollpunkten, och till sist ljudet med nycklarna. Hämta
        liggarens öppna nyckel från någon annan än den som gav dig arkivet. Med bara filen "key" visar kontrollen
        att arkivet stämmer med sig självt, men inte varifrån det kommer.

        """;

    /// <summary>The text, UTF-8, the same in every bundle of version 1.</summary>
    public static byte[] ToBytes() => Encoding.UTF8.GetBytes(Text);

    /// <summary>The member.</summary>
    public static BundleMember ToMember() => BundleMember.FromBytes(MemberName, ToBytes());
}
