// SPDX-License-Identifier: LGPL-2.1-or-later
//
// DRM formats and GStreamer's, on whatever GStreamer there is.
#include <set>
#include <string>

#include <gst/mediaheap/drm_format.h>

#include "gst_test.h"

namespace mediaheap::test {

namespace {

using mediaheap::gst::drmOfFormat;
using mediaheap::gst::formatOfDrm;

/// Calls @p see with the name of every format that this GStreamer has.
template <typename See> void forEachFormat(See see) {
    for (const GstVideoFormat format : videoFormats())
        see(gst_video_format_to_string(format));
}

TEST(DrmFormat, GoesThereAndBack) {
    std::set<std::string> seen;
    forEachFormat([&](const char* format) {
        const char* drm = drmOfFormat(format);
        if (drm == nullptr)
            return;
        EXPECT_EQ(std::string(drm).find(':'), std::string::npos) << "no modifier";
        EXPECT_STREQ(formatOfDrm(drm), format);
        EXPECT_TRUE(seen.insert(drm).second) << drm << " stands for two formats";
    });
    EXPECT_GE(seen.size(), 30u);
}

// DRM names words that are read from memory, GStreamer bytes as they lie in it.
TEST(DrmFormat, KnowsTheByteOrders) {
    EXPECT_STREQ(drmOfFormat("BGRx"), "XR24");
    EXPECT_STREQ(drmOfFormat("RGB"), "BG24");
    EXPECT_STREQ(formatOfDrm("RA24"), "ABGR");
    EXPECT_STREQ(formatOfDrm("YU12"), "I420");
    EXPECT_STREQ(formatOfDrm("YV12"), "YV12");
    EXPECT_STREQ(formatOfDrm("R8  "), "GRAY8");
}

TEST(DrmFormat, OnlyLinearLayoutsHaveAFormat) {
    for (const char* drm :
         {"NV12:0x0100000000000002", "NV12:0x0", "NV12:", "NV1", "nv12", "", "QQQQ"})
        EXPECT_EQ(formatOfDrm(drm), nullptr) << drm;
    EXPECT_EQ(formatOfDrm(nullptr), nullptr);
    EXPECT_EQ(drmOfFormat(nullptr), nullptr);
    EXPECT_EQ(drmOfFormat("NV12_4L4"), nullptr);
    EXPECT_EQ(drmOfFormat("GRAY10_LE32"), nullptr);
}

TEST(DrmFormat, IsSpokenSinceGStreamer124) {
    guint major = 0;
    guint minor = 0;
    guint micro = 0;
    guint nano = 0;
    gst_version(&major, &minor, &micro, &nano);
    EXPECT_EQ(mediaheap::gst::knowsDmaDrm(), major > 1 || minor >= 24);
}

#if GST_CHECK_VERSION(1, 24, 0)
TEST(DrmFormat, IsTheOneThatGStreamerKnows) {
    forEachFormat([](const char* format) {
        const guint32 fourcc =
            gst_video_dma_drm_fourcc_from_format(gst_video_format_from_string(format));
        const char* drm = drmOfFormat(format);
        if (fourcc == 0) {
            EXPECT_EQ(drm, nullptr) << format;
            return;
        }
        const Owned<gchar> text(gst_video_dma_drm_fourcc_to_string(fourcc, 0));
        EXPECT_STREQ(drm, text.get()) << format;
    });
}
#endif

} // namespace

} // namespace mediaheap::test
