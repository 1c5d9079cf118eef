package testbed

import (
	"errors"
	"io"
	"io/fs"
	"os"
)

// KeeperCommand is the word with which Up runs the testbed program as a keeper.
const KeeperCommand = "keep"

// startKeeper starts a process that takes the bed down when this one ends without doing so, as a test that panics does. It
// reads a pipe of which this process holds the other end: the kernel closes it, however this process ends.
func (b *Bed) startKeeper() error {
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	defer r.Close()
	b.keeper, err = start(b.dir, "keeper", r, b.Program, KeeperCommand, b.dir)
	if err != nil {
		return errors.Join(err, w.Close())
	}
	b.lease = w
	return nil
}

// endKeeper lets the keeper go, which finds no bed any more.
func (b *Bed) endKeeper() {
	if b.lease != nil {
		_ = b.lease.Close()
		<-b.keeper.gone
		b.lease = nil
	}
}

// Keep waits until lease is at its end and takes down the bed in dir, if there still is one.
func Keep(lease io.Reader, dir string) error {
	if _, err := io.Copy(io.Discard, lease); err != nil {
		return err
	}
	bed, err := Open(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return bed.Down()
}
