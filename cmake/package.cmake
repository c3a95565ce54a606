# SPDX-License-Identifier: Apache-2.0
# What is installed where, and the packages: a .deb, and a tarball of the same files. ./dev package makes them.
set(MUS_PACKAGE_FILES ${PROJECT_BINARY_DIR}/package-files)
add_custom_target(package-files
  COMMAND ${CMAKE_COMMAND} -E make_directory ${MUS_PACKAGE_FILES}
  COMMAND python3 ${PROJECT_SOURCE_DIR}/scripts/man_page.py $<TARGET_FILE:mus-scheduler> > ${MUS_PACKAGE_FILES}/mus-scheduler.8
  COMMAND gzip -9nf ${MUS_PACKAGE_FILES}/mus-scheduler.8
  COMMAND python3 ${PROJECT_SOURCE_DIR}/scripts/sbom.py ${PROJECT_BINARY_DIR} ${MUS_DEPS} > ${MUS_PACKAGE_FILES}/sbom.cdx.json
  DEPENDS mus-scheduler VERBATIM)

set(DOC usr/share/doc/mus-scheduler)
install(TARGETS mus-scheduler RUNTIME DESTINATION usr/bin)
install(FILES systemd/mus-scheduler.service DESTINATION usr/lib/systemd/system)
install(FILES systemd/mus-scheduler.sysusers.conf DESTINATION usr/lib/sysusers.d RENAME mus-scheduler.conf)
install(FILES systemd/mus-scheduler.default DESTINATION etc/default RENAME mus-scheduler)
install(FILES packaging/completion.bash DESTINATION usr/share/bash-completion/completions RENAME mus-scheduler)
install(FILES ${MUS_PACKAGE_FILES}/mus-scheduler.8.gz DESTINATION usr/share/man/man8)
install(FILES README.md CHANGELOG.md ${MUS_PACKAGE_FILES}/sbom.cdx.json DESTINATION ${DOC})
install(FILES docs/api.md docs/architecture.md docs/benchmarks.md docs/guarantees.md docs/operations.md docs/releasing.md
              docs/scheduler.md docs/security.md docs/testing.md docs/troubleshooting.md DESTINATION ${DOC}/docs)
install(FILES LICENSE DESTINATION ${DOC} RENAME copyright)
install(FILES LICENSES/Apache-2.0.txt LICENSES/GPL-2.0-only.txt DESTINATION ${DOC}/LICENSES)

set(CPACK_GENERATOR DEB TGZ)
set(CPACK_VERBATIM_VARIABLES ON)
set(CPACK_PACKAGE_DIRECTORY ${PROJECT_BINARY_DIR}/packages)
set(CPACK_PACKAGING_INSTALL_PREFIX /)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE
    WORLD_READ WORLD_EXECUTE)
set(CPACK_STRIP_FILES ON)
set(CPACK_PACKAGE_FILE_NAME mus-scheduler-${PROJECT_VERSION}-linux-amd64)
set(CPACK_PACKAGE_VENDOR "mus-scheduler")
set(CPACK_PACKAGE_CONTACT "mus-scheduler maintainers")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "live CPU boosts for containers, by a sched_ext scheduler")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
"A daemon that attaches a CPU scheduler to kernels of 6.12 and later, and a local API
that gives one Kubernetes container, systemd unit or cgroup more CPU, live. Requests
and limits hold meanwhile; when the daemon ends, the kernel's own scheduler goes on.")
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION admin)
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS systemd)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
foreach(file conffiles postinst prerm postrm)
  list(APPEND CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${PROJECT_SOURCE_DIR}/packaging/deb/${file})
endforeach()
include(CPack)
