// Package health lets a service tell Kubernetes three truths, each for itself. It is a module of its own, of the standard library only:
//
//	go get github.com/fairway-k8s/fairway/health@latest
//
// # The three questions
//
// Kubernetes asks a container three things, and does something different with each answer:
//
//	/health/started  is the boot over?             until yes, nothing else is asked; after the startup budget the container is killed
//	/health/ready    may requests be sent to it?   no takes the pod out of its Service; it goes on running
//	/health/live     would a restart help it?      no kills the container, and it boots again
//
// One answer for all three restarts what is only busy, and what waits for a database that is away: every replica at once. So live here
// knows nothing of dependencies. There is no way to register a check for it; it takes heartbeats only, which come from the code that
// serves:
//
//	[Health.Server]  requests of an HTTP server are answered; when none come, it asks itself over the server's own listener
//	[Health.Work]    jobs of a pool, or messages of a consumer, end while some run
//	[Health.Loop]    a loop comes round
//
// # A service
//
//	h := health.New(health.Options{})
//	if _, err := h.Listen(":8081"); err != nil { // before anything slow: live must be true during the boot
//		log.Fatal(err)
//	}
//	db := boot()
//	h.Check(health.Check{Name: "disk", Func: spool.Writable})
//	h.Check(health.Check{Name: "database", Func: db.PingContext, Shared: true})
//
//	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
//	defer stop()
//	srv := &http.Server{Addr: ":8080", Handler: h.Server("requests", "http://127.0.0.1:8080/", 10*time.Second, mux)}
//	err := h.Run(ctx, srv.ListenAndServe, srv.Shutdown) // until SIGTERM, and through the drain
//
// and its probes (fairway new writes them, with numbers for the service's boot time):
//
//	startupProbe:   {httpGet: {path: /health/started, port: health}, periodSeconds: 10, failureThreshold: 10, timeoutSeconds: 3}
//	readinessProbe: {httpGet: {path: /health/ready, port: health}, periodSeconds: 5, failureThreshold: 3, timeoutSeconds: 2}
//	livenessProbe:  {httpGet: {path: /health/live, port: health}, periodSeconds: 20, failureThreshold: 3, timeoutSeconds: 5}
//
// # When each is true
//
// Started is false until [Health.Started] (or [Health.Run]) was called, and true for good from then on.
//
// Ready is true while the process is started, live and not draining, every [Health.Server] has answered a request since the start, and no
// local check keeps it: one that fails, or whose result is not known, does. A check is local unless it is Shared, that is, unless all
// replicas ask the same database, queue or service. When that is away, all replicas would leave at once, and without endpoints not even the
// requests that need no database are answered. So a shared check that fails leaves the process ready, and is told as degraded. With
// Options.Peers, a bounded share of the replicas may leave.
//
// Live is true during the boot, because a kubelet asks for it then after it was restarted
// (https://github.com/kubernetes/kubernetes/issues/142305), until Options.Boot has passed. After the start it is true while every heartbeat
// is within its budget. From the drain on it keeps the value it has.
//
// # Starved is not stuck
//
// Budgets are not measured in time but in time in which this process could run. A watchdog sleeps for short, known times; by as much as it
// wakes late, every heartbeat, check and deadline of the boot is given more. A process that was stopped for a minute, or gets a twentieth of
// a CPU, is slow, not dead, and a restart, which needs CPU most of all, would make it worse. A serving path that stands still while the
// watchdog is on time is stuck, and live is false within the budget and a tenth of it more.
//
// # What a probe costs
//
// Checks run in the background. An answer is rendered when something changes and kept behind one atomic pointer: a request takes no lock,
// allocates nothing and waits for nobody, whatever hangs. Give the endpoints a listener of their own ([Health.Listen]), so that they do not
// wait behind requests either.
//
// A check has at most one call running. Its deadline holds even when the function ignores its context: the check fails then, and is not
// called again before that call has returned. Results grow stale: after three intervals without a new one (and the time of a call), the result is unknown.
//
// # The answers
//
// 200 or 503 to GET and HEAD, with a JSON object as MicroProfile Health 3.1 has it, so that what reads Quarkus, Open Liberty, WildFly
// or Helidon reads this:
//
//	{"status":"UP","checks":[]}
//
// With ?verbose, checks lists what the answer was made of. Reasons are withheld, as they tell strangers of the inside; they are in the
// log, and in the answer with Options.Reasons:
//
//	{"status":"UP","checks":[{"name":"database","status":"UP","data":{"state":"degraded","since":"2026-11-28T07:00:00Z"}}]}
//
// # What it leaves out
//
// There is no /health for all, on purpose. There are no metrics: the kubelet has prober_probe_total, and [Health.State] is there for yours.
// Remote procedure calls have grpc.health.v1 in the module health/grpchealth. An application that has one URL and cannot be changed has
// the program health/cmd/fairway-shim.
package health
