package testbed

import (
	"net"
	"os"
	"strconv"
	"testing"
)

// Two beds have networks that do not meet, and both go.
func TestNodeNetworks(t *testing.T) {
	if err := NodeNeeds(); err != nil {
		t.Skip(err)
	}
	var beds []*Bed
	for range 2 {
		b := &Bed{dir: t.TempDir()}
		if err := b.claimNode(); err != nil {
			t.Fatal(err)
		}
		defer b.release() // once more does nothing
		beds = append(beds, b)
	}
	if a, b := beds[0].Node, beds[1].Node; a.HostIP == b.HostIP || a.PodNet == b.PodNet || a.ServiceNet == b.ServiceNet || a.link() == b.link() {
		t.Errorf("two nodes share addresses: %+v and %+v", a, b)
	}
	for _, b := range beds {
		// As kubelet reaches the API server.
		server, err := net.Listen("tcp", net.JoinHostPort(b.Node.HostIP, "0"))
		if err != nil {
			t.Fatal(err)
		}
		port := strconv.Itoa(server.Addr().(*net.TCPAddr).Port)
		if err := command(b.Node.inside("timeout", "5", "bash", "-c", "echo >/dev/tcp/"+b.Node.HostIP+"/"+port)...); err != nil {
			t.Error(err)
		}
		server.Close()
		if err := b.release(); err != nil {
			t.Error(err)
		}
		for _, path := range []string{"/run/netns/" + b.Node.link(), "/sys/class/net/" + b.Node.link()} {
			if _, err := os.Stat(path); !os.IsNotExist(err) {
				t.Errorf("%s is still there: %v", path, err)
			}
		}
	}
}
