// Package testbed starts a real Kubernetes for tests and ends it again.
//
// A bed is one cluster: etcd, kube-apiserver, kube-controller-manager and kube-scheduler as processes of this machine, with
// throw-away certificates and all state in one folder. With a node, a kubelet, containerd, kube-proxy and cluster DNS run in a
// network namespace of their own beside it, and pods run, reach Services and resolve names. All programs but containerd and runc
// are one binary, cmd/testbed, built from Kubernetes' own modules.
//
//	program  the binary that is every component; Build makes it
//	folder   where a bed keeps certificates, data, logs and the list of what it started; one bed a folder
//	node     the one machine of the cluster that runs pods; needs root, containerd and runc
//
// The control plane listens on free ports of the loopback range, with a node on an address that only this machine and the node
// share. Nothing else is contacted, and no image is pulled: Load makes images from Go programs.
//
// It is not shipped and not imported by the product. It is no cluster to keep: etcd does not sync its disk, certificates last a
// week, and there is one of everything. NetworkPolicies are stored but no packet is stopped by them.
//
//	program, err := testbed.Build(ctx)
//	bed, err := testbed.Up(ctx, testbed.Options{Program: program, Dir: t.TempDir()})
//	defer bed.Down()
//	out, err := bed.Kubectl(ctx, "", "get", "namespaces")
package testbed
