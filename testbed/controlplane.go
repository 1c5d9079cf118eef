package testbed

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"time"
)

// readyLimit is how long a component may take on a machine that is busy with other work.
const readyLimit = 2 * time.Minute

// Ranges of a bed without a node, where they are numbers that nothing routes. Beds with a node take turns: see claimNode.
const (
	loopback   = "127.0.0.1"
	serviceNet = "10.96.0.0/16"
	serviceAPI = "10.96.0.1"
)

// startControlPlane starts etcd, the API server, the controller manager and the scheduler and waits until each says it is ready
// and a pod could be made. It returns the authority of the cluster.
func (b *Bed) startControlPlane(ctx context.Context) (*authority, error) {
	pki := filepath.Join(b.dir, "pki")
	file := func(name string) string { return filepath.Join(pki, name) }
	address, services, kubernetes := loopback, serviceNet, serviceAPI
	if b.Node != nil {
		address, services, kubernetes = b.Node.HostIP, b.Node.ServiceNet, b.Node.serviceIP(1)
	}
	etcdPort, peerPort, apiPort, controllerPort, schedulerPort, err := freePorts(address)
	if err != nil {
		return nil, err
	}
	b.Server = fmt.Sprintf("https://%s:%d", address, apiPort)

	ca, err := newAuthority(pki, "ca")
	if err != nil {
		return nil, err
	}
	// An authority of its own: who may talk to the API server must not be able to talk to etcd past it.
	store, err := newAuthority(pki, "etcd-ca")
	if err != nil {
		return nil, err
	}
	if err := store.issue("etcd", "etcd", "", loopback); err != nil {
		return nil, err
	}
	if err := ca.issue("server", "kube-apiserver", "", loopback, address, kubernetes, "localhost", "kubernetes", "kubernetes.default",
		"kubernetes.default.svc", "kubernetes.default.svc.cluster.local"); err != nil {
		return nil, err
	}
	if err := ca.issue("to-kubelet", "kube-apiserver-kubelet-client", "system:masters"); err != nil {
		return nil, err
	}
	if _, err := writeKey(file("service-account.key")); err != nil {
		return nil, err
	}
	for _, user := range [][3]string{
		{"admin", "testbed-admin", "system:masters"},
		{"controllers", "system:kube-controller-manager", ""},
		{"scheduler", "system:kube-scheduler", ""},
	} {
		if _, err := ca.kubeconfig(user[0], user[1], user[2], b.Server); err != nil {
			return nil, err
		}
	}

	etcdURL, peerURL := fmt.Sprintf("https://%s:%d", loopback, etcdPort), fmt.Sprintf("https://%s:%d", loopback, peerPort)
	if _, err := b.start("etcd", b.Program, "etcd", "--name=etcd", "--data-dir="+filepath.Join(b.dir, "etcd"), "--unsafe-no-fsync",
		"--listen-client-urls="+etcdURL, "--advertise-client-urls="+etcdURL,
		"--listen-peer-urls="+peerURL, "--initial-advertise-peer-urls="+peerURL, "--initial-cluster=etcd="+peerURL,
		"--cert-file="+file("etcd.crt"), "--key-file="+file("etcd.key"), "--client-cert-auth", "--trusted-ca-file="+file("etcd-ca.crt"),
		"--peer-cert-file="+file("etcd.crt"), "--peer-key-file="+file("etcd.key"), "--peer-client-cert-auth",
		"--peer-trusted-ca-file="+file("etcd-ca.crt"), "--log-level=warn"); err != nil {
		return nil, err
	}
	// It waits for etcd by itself.
	api, err := b.start("kube-apiserver", b.Program, "kube-apiserver",
		"--etcd-servers="+etcdURL, "--etcd-cafile="+file("etcd-ca.crt"), "--etcd-certfile="+file("etcd.crt"), "--etcd-keyfile="+file("etcd.key"),
		"--bind-address="+address, "--advertise-address="+address, fmt.Sprintf("--secure-port=%d", apiPort),
		"--tls-cert-file="+file("server.crt"), "--tls-private-key-file="+file("server.key"), "--client-ca-file="+file("ca.crt"),
		"--authorization-mode=Node,RBAC", "--enable-admission-plugins=NodeRestriction", "--service-cluster-ip-range="+services,
		"--kubelet-client-certificate="+file("to-kubelet.crt"), "--kubelet-client-key="+file("to-kubelet.key"),
		"--kubelet-certificate-authority="+file("ca.crt"), "--kubelet-preferred-address-types=InternalIP",
		"--service-account-issuer=https://kubernetes.default.svc", "--service-account-key-file="+file("service-account.key"),
		"--service-account-signing-key-file="+file("service-account.key"), "--allow-privileged")
	if err != nil {
		return nil, err
	}
	client, err := b.client()
	if err != nil {
		return nil, err
	}
	if err := await(ctx, api, readyLimit, func(ctx context.Context) error { return get(ctx, client, b.Server+"/readyz") }); err != nil {
		return nil, err
	}

	serving := []string{"--bind-address=" + loopback, "--tls-cert-file=" + file("server.crt"), "--tls-private-key-file=" + file("server.key"),
		"--leader-elect=false"}
	controllers, err := b.start("kube-controller-manager", append([]string{b.Program, "kube-controller-manager",
		"--kubeconfig=" + file("controllers.kubeconfig"), fmt.Sprintf("--secure-port=%d", controllerPort),
		"--use-service-account-credentials", "--service-account-private-key-file=" + file("service-account.key"), "--root-ca-file=" + file("ca.crt"),
		"--service-cluster-ip-range=" + services}, serving...)...)
	if err != nil {
		return nil, err
	}
	scheduler, err := b.start("kube-scheduler", append([]string{b.Program, "kube-scheduler",
		"--kubeconfig=" + file("scheduler.kubeconfig"), fmt.Sprintf("--secure-port=%d", schedulerPort)}, serving...)...)
	if err != nil {
		return nil, err
	}
	healthy := func(port int) func(context.Context) error {
		return func(ctx context.Context) error {
			return get(ctx, client, fmt.Sprintf("https://%s:%d/healthz", loopback, port))
		}
	}
	if err := await(ctx, scheduler, readyLimit, healthy(schedulerPort)); err != nil {
		return nil, err
	}
	if err := await(ctx, controllers, readyLimit, healthy(controllerPort)); err != nil {
		return nil, err
	}
	// Until a controller has made it, the API server refuses every pod.
	account := b.Server + "/api/v1/namespaces/default/serviceaccounts/default"
	return ca, await(ctx, controllers, readyLimit, func(ctx context.Context) error { return get(ctx, client, account) })
}

// freePorts finds free ports: four on the loopback address and, third, one for the API server.
func freePorts(address string) (etcd, peer, api, controllers, scheduler int, err error) {
	ports := []*int{&etcd, &peer, &api, &controllers, &scheduler}
	for _, port := range ports {
		host := loopback
		if port == &api {
			host = address
		}
		l, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
		if err != nil {
			return 0, 0, 0, 0, 0, fmt.Errorf("find a free port: %w", err)
		}
		// All are held until the last is found, or one would be given twice.
		defer l.Close()
		*port = l.Addr().(*net.TCPAddr).Port
	}
	return etcd, peer, api, controllers, scheduler, nil
}

// client talks to the bed's servers as its admin.
func (b *Bed) client() (*http.Client, error) {
	pki := filepath.Join(b.dir, "pki")
	own, err := tls.LoadX509KeyPair(filepath.Join(pki, "admin.crt"), filepath.Join(pki, "admin.key"))
	if err != nil {
		return nil, err
	}
	ca, err := readCertificates(filepath.Join(pki, "ca.crt"))
	if err != nil {
		return nil, err
	}
	return &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{
		TLSClientConfig: &tls.Config{Certificates: []tls.Certificate{own}, RootCAs: ca},
	}}, nil
}

// get gives nil when url answers 200, else an error with what it answered.
func get(ctx context.Context, client *http.Client, url string) error {
	_, err := fetch(ctx, client, url)
	return err
}

// fetch gives what url answers, or an error unless that is a 200.
func fetch(ctx context.Context, client *http.Client, url string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s: %s", url, response.Status, strings.TrimSpace(string(body)))
	}
	return body, nil
}
