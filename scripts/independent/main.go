// Checks a ledger that Serment published with somebody else's code: golang.org/x/mod/sumdb, the
// implementation behind Go's own checksum database. Nothing of Serment's runs here.
//
//	independent FOLDER VKEY [EARLIER]   verify a published ledger, every entry and proof
//	independent vectors                 print test vectors (tests/vectors/ledger-go.json)
package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const height = 8

func main() {
	if len(os.Args) == 2 && os.Args[1] == "vectors" {
		vectors()
		return
	}
	if len(os.Args) < 3 {
		fail(errors.New("usage: independent FOLDER VKEY [EARLIER]"))
	}
	if err := verify(os.Args[1], os.Args[2], os.Args[3:]); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// folder reads tiles where c2sp.org/tlog-tiles puts them; x/mod names the height in the path.
type folder string

func (f folder) Height() int { return height }

func (f folder) path(t tlog.Tile) string {
	name := strings.Replace(t.Path(), "tile/8/", "tile/", 1)
	return filepath.Join(string(f), strings.Replace(name, "tile/data/", "tile/entries/", 1))
}

func (f folder) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var found [][]byte
	for _, t := range tiles {
		data, err := os.ReadFile(f.path(t))
		if errors.Is(err, os.ErrNotExist) && t.W < 1<<height {
			full := t
			full.W = 1 << height
			if data, err = os.ReadFile(f.path(full)); err == nil {
				data = data[:t.W*tlog.HashSize]
			}
		}
		if err != nil {
			return nil, err
		}
		found = append(found, data)
	}
	return found, nil
}

func (f folder) SaveTiles([]tlog.Tile, [][]byte) {}

// open checks a checkpoint's signature and reads its three lines.
func open(file, vkey string) (tlog.Tree, error) {
	var tree tlog.Tree
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return tree, err
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return tree, err
	}
	opened, err := note.Open(data, note.VerifierList(verifier))
	if err != nil {
		return tree, err
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[0] != verifier.Name() {
		return tree, errors.New("not a checkpoint of this log")
	}
	if tree.N, err = strconv.ParseInt(lines[1], 10, 64); err != nil {
		return tree, err
	}
	tree.Hash, err = tlog.ParseHash(lines[2])
	return tree, err
}

func verify(where, vkey string, earlier []string) error {
	tree, err := open(filepath.Join(where, "checkpoint"), vkey)
	if err != nil {
		return err
	}
	// This reader checks every tile that it uses against the signed root.
	reader := tlog.TileHashReader(tree, folder(where))
	if err := everyEntry(folder(where), tree, reader); err != nil {
		return err
	}
	for _, file := range earlier {
		old, err := open(file, vkey)
		if err != nil {
			return err
		}
		if old.N == 0 {
			continue
		}
		proof, err := tlog.ProveTree(tree.N, old.N, reader)
		if err != nil {
			return err
		}
		if err := tlog.CheckTree(proof, tree.N, tree.Hash, old.N, old.Hash); err != nil {
			return err
		}
		fmt.Printf("consistent with the checkpoint of %d entries\n", old.N)
	}
	fmt.Printf("verified %d entries by golang.org/x/mod/sumdb/tlog\n", tree.N)
	return nil
}

func everyEntry(where folder, tree tlog.Tree, reader tlog.HashReader) error {
	for start := int64(0); start < tree.N; start += 1 << height {
		width := min(tree.N-start, 1<<height)
		tile := tlog.Tile{H: height, L: -1, N: start >> height, W: int(width)}
		data, err := os.ReadFile(where.path(tile))
		if err != nil {
			return err
		}
		for index := start; index < start+width; index++ {
			if len(data) < 2 {
				return errors.New("an entry bundle is cut off")
			}
			length := int(binary.BigEndian.Uint16(data))
			if len(data) < 2+length {
				return errors.New("an entry bundle is cut off")
			}
			entry := data[2 : 2+length]
			data = data[2+length:]
			proof, err := tlog.ProveRecord(tree.N, index, reader)
			if err != nil {
				return err
			}
			if err := tlog.CheckRecord(proof, tree.N, tree.Hash, index, tlog.RecordHash(entry)); err != nil {
				return fmt.Errorf("entry %d: %w", index, err)
			}
		}
		if len(data) != 0 {
			return errors.New("an entry bundle is too long")
		}
	}
	return nil
}

type memory map[int64]tlog.Hash

func (m memory) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	var found []tlog.Hash
	for _, index := range indexes {
		found = append(found, m[index])
	}
	return found, nil
}

func texts(hashes []tlog.Hash) []string {
	found := []string{}
	for _, one := range hashes {
		found = append(found, hex.EncodeToString(one[:]))
	}
	return found
}

// vectors prints roots, proofs, tile names and a signed note, all made by x/mod.
func vectors() {
	stored, next := memory{}, int64(0)
	roots, inclusion, consistency := []string{}, []map[string]any{}, []map[string]any{}
	paths := map[string]string{}
	for n := int64(0); n < 300; n++ {
		entry := sha256.Sum256([]byte("leaf" + strconv.FormatInt(n, 10)))
		hashes, err := tlog.StoredHashes(n, entry[:], stored)
		check(err)
		for _, hash := range hashes {
			stored[next] = hash
			next++
		}
		root, err := tlog.TreeHash(n+1, stored)
		check(err)
		roots = append(roots, hex.EncodeToString(root[:]))
	}
	for _, pair := range [][2]int64{{0, 1}, {0, 2}, {1, 2}, {6, 7}, {4, 255}, {255, 256}, {0, 300}, {299, 300}, {256, 257}} {
		proof, err := tlog.ProveRecord(pair[1], pair[0], stored)
		check(err)
		inclusion = append(inclusion, map[string]any{"index": pair[0], "size": pair[1], "proof": texts(proof)})
	}
	for _, pair := range [][2]int64{{1, 2}, {1, 300}, {2, 3}, {4, 7}, {128, 256}, {255, 256}, {256, 300}, {299, 300}, {300, 300}} {
		proof, err := tlog.ProveTree(pair[1], pair[0], stored)
		check(err)
		consistency = append(consistency, map[string]any{"old": pair[0], "new": pair[1], "proof": texts(proof)})
	}
	for _, n := range []int64{0, 999, 1000, 1234067, 1000000000} {
		path := tlog.Tile{H: 8, L: 0, N: n, W: 256}.Path()
		paths[strconv.FormatInt(n, 10)] = strings.Replace(path, "tile/8/", "tile/", 1)
	}
	seed := make([]byte, 32)
	seed[31] = 7
	key := ed25519.NewKeyFromSeed(seed)
	vkey, err := note.NewEd25519VerifierKey("vectors.example/go", key.Public().(ed25519.PublicKey))
	check(err)
	root := roots[299]
	raw, _ := hex.DecodeString(root)
	text := "vectors.example/go\n300\n" + base64.StdEncoding.EncodeToString(raw) + "\n"
	hash := strings.Split(vkey, "+")[1]
	skey := "PRIVATE+KEY+vectors.example/go+" + hash + "+" + base64.StdEncoding.EncodeToString(append([]byte{1}, seed...))
	signer, err := note.NewSigner(skey)
	check(err)
	signed, err := note.Sign(&note.Note{Text: text}, signer)
	check(err)
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetIndent("", " ")
	check(encoder.Encode(map[string]any{
		"made_by": "golang.org/x/mod/sumdb by scripts/independent", "roots": roots,
		"inclusion": inclusion, "consistency": consistency, "paths": paths,
		"vkey": vkey, "skey": skey, "checkpoint": string(signed),
	}))
	fmt.Print(out.String())
}

func check(err error) {
	if err != nil {
		fail(err)
	}
}
