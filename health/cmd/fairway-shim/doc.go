// Fairway-shim tells the three truths of an application that has one health URL and cannot be changed.
//
// It runs beside the application and answers on a listener of its own:
//
//	/health/started  has the application's health URL answered well once? It is so for good then
//	/health/ready    does that URL answer well? The shim asks it every --every, once at a time and for --timeout at most, and answers from
//	                 memory: a thousand who ask at once cost the application nothing. It is not so while the pod leaves
//	/health/live     does the main port move: is a connection accepted, and a request answered, with any status? It is so while the
//	                 application boots, for --boot at most. The health URL, which may ask databases, has no say in it
//
// # In a pod
//
// As a native sidecar (Kubernetes 1.29 and later), which starts before the application and ends after it. The probes of the application's
// container point to the shim's port, so that the application is what is restarted, and the shim has none:
//
//	spec:
//	  initContainers:
//	  - name: fairway-shim
//	    image: registry.example/fairway-shim:1.0.0
//	    restartPolicy: Always                # what makes it a sidecar
//	    args:
//	    - --target=http://127.0.0.1:8080/health   # the one health URL
//	    - --main=http://127.0.0.1:8080/           # the port whose progress is watched; tcp://127.0.0.1:5672 when it is not HTTP
//	    ports:
//	    - {name: health, containerPort: 8081}
//	    resources:
//	      requests: {cpu: 5m, memory: 16Mi}
//	      limits: {memory: 32Mi}
//	  containers:
//	  - name: app
//	    startupProbe:   {httpGet: {path: /health/started, port: 8081}, periodSeconds: 10, failureThreshold: 10, timeoutSeconds: 3}
//	    readinessProbe: {httpGet: {path: /health/ready, port: 8081}, periodSeconds: 5, failureThreshold: 3, timeoutSeconds: 2}
//	    livenessProbe:  {httpGet: {path: /health/live, port: 8081}, periodSeconds: 20, failureThreshold: 3, timeoutSeconds: 5}
//
// A named port of another container is not found by a probe, so the number is written.
//
// # Its image
//
// None is published. "make build" in the repository makes bin/fairway-shim, one static program that needs nothing beside it:
//
//	FROM scratch
//	COPY bin/fairway-shim /fairway-shim
//	USER 10001:10001
//	ENTRYPOINT ["/fairway-shim"]
//
// # Flags
//
//	--target URL     the application's health URL: http or https, on this pod's loopback interface. Required
//	--main URL       http://HOST:PORT/PATH or tcp://HOST:PORT of the port that serves. Default: the target's host and port, path /
//	--listen ADDR    where the three truths are told. Default :8081
//	--boot D         how long the application may boot before live is false. Default 10m
//	--every D        how often the health URL is asked, 10ms at least. Default 2s
//	--timeout D      how long it may take, to the last byte. Default 1s
//	--budget D       for how long the main port may not move before live is false. Default 20s
//	--header K=V     a header for the health URL, such as an Authorization that it wants; may be repeated. $NAME in V is an environment
//	                 variable, so that a Secret need not stand in the arguments
//	--reasons        answers to ?verbose say why. Without, the log does
//
// # What counts as a good answer
//
// 200-299 to a GET, whole within --timeout. A redirect is none and is not followed: it leads to a login page more often than to health, and
// the kubelet would count it as good. A body that stalls is none; the kubelet would not even count it as bad. Of a body 64 KiB are read, and
// what is longer is cut off and good.
// 401 and 403 are none, and the log says that --header is missing.
//
// A port that accepts is not one that moves: the kernel accepts for a process that is stuck. So the main port is asked for something, and any
// status is an answer, 404 and 500 included. Name a path in --main that asks no database; one that is not there is good. With tcp:// the
// connection is all that can be seen, and a deadlock is not: say http:// where you can.
//
// When it is told to stop it is not ready at once, and goes on answering until the main port refuses connections: until the application has
// ended. A native sidecar is told after that, and ends at once. Told again, it ends at once as well.
package main
